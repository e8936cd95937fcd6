-- title: Failed logins by host
-- dataset: syslog
-- shows: a report on a token column, with what was tried
SELECT host, count(*) AS failures, count(DISTINCT src_ip) AS addresses, count(DISTINCT account) AS accounts
FROM syslog
WHERE outcome = 'failure'
GROUP BY host
ORDER BY failures DESC, host
LIMIT 30
