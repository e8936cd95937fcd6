-- title: One address, wherever it appears
-- dataset: iis, syslog, security_audit
-- shows: the same token in three datasets
-- params: ip token iis.c_ip
SELECT 'iis' AS dataset, count(*) AS records, min(time) AS first_seen, max(time) AS last_seen FROM iis WHERE c_ip = $ip
UNION ALL
SELECT 'syslog', count(*), min(time), max(time) FROM syslog WHERE src_ip = $ip
UNION ALL
SELECT 'security_audit', count(*), min(time), max(time) FROM security_audit WHERE client_ip = $ip
ORDER BY 1
