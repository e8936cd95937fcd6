-- title: Messages that mention an address
-- dataset: syslog
-- shows: a token inside of free text, found through its list
-- params: ip token syslog.src_ip
SELECT app_name, outcome, count(*) AS records, min(time) AS first_seen, max(time) AS last_seen
FROM syslog
WHERE array_has(message_tokens, $ip)
GROUP BY 1, 2
ORDER BY 1, 2
