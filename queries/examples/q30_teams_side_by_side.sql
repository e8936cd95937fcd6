-- title: Records and failures by team, dataset and day
-- dataset: iis, syslog, security_audit
-- shows: `all.events` as a report over everything in scope
-- scoped-only: yes
SELECT team, dataset, date_trunc('day', time) AS day, count(*) AS records, count(*) FILTER (WHERE outcome = 'failure') AS failures
FROM all.events
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
