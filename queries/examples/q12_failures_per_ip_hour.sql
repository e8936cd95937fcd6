-- title: Refused requests by address and hour, and how many accounts were tried
-- dataset: iis
-- shows: distinct tokens over many groups beside another count
SELECT c_ip, date_trunc('hour', time) AS hour, count(*) AS refused, count(DISTINCT cs_uri_query) AS attempts, count(DISTINCT cs_username) AS accounts
FROM iis
WHERE sc_status BETWEEN 400 AND 499
GROUP BY 1, 2
ORDER BY refused DESC, hour, c_ip
LIMIT 100
