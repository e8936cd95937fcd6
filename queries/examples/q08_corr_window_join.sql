-- title: Web requests within five minutes after a failed login of the same address
-- dataset: syslog, iis
-- shows: correlation of two datasets by token and time window
-- params: day date 2026-11-02
WITH failed AS (
    SELECT src_ip, time FROM syslog WHERE day = $day AND outcome = 'failure' AND src_ip IS NOT NULL
)
SELECT f.src_ip, count(*) AS pairs, count(DISTINCT i.cs_uri_stem) AS pages, min(i.time) AS first_request
FROM failed f
JOIN iis i ON i.c_ip = f.src_ip AND i.time > f.time AND i.time <= f.time + INTERVAL '5 minutes'
WHERE i.day = $day
GROUP BY f.src_ip
ORDER BY pairs DESC, f.src_ip
LIMIT 50
