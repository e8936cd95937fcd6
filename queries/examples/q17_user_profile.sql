-- title: What each account usually does
-- dataset: iis
-- shows: many measures over many groups, by token
SELECT cs_username,
       count(*) AS requests,
       min(time) AS first_seen,
       max(time) AS last_seen,
       sum(sc_bytes) AS bytes_sent,
       avg(time_taken) AS mean_ms,
       count(*) FILTER (WHERE sc_status >= 400) AS errors,
       count(*) FILTER (WHERE cs_method = 'POST') AS posts
FROM iis
WHERE cs_username IS NOT NULL
GROUP BY cs_username
ORDER BY requests DESC, cs_username
LIMIT 100
