-- title: Addresses with many refused logins within five minutes
-- dataset: iis
-- shows: a rolling count, by time range
SELECT c_ip, max(recent) AS most_in_five_minutes, count(*) AS refused
FROM (
    SELECT c_ip,
           count(*) OVER (PARTITION BY c_ip ORDER BY time RANGE BETWEEN INTERVAL '5 minutes' PRECEDING AND CURRENT ROW) AS recent
    FROM iis
    WHERE sc_status IN (401, 403)
) rolling
GROUP BY c_ip
HAVING max(recent) >= 5
ORDER BY 2 DESC, 3 DESC, c_ip
LIMIT 50
