-- title: One account, day by day
-- dataset: iis
-- shows: looking up a token: bloom filters leave most row groups unread
-- params: user token iis.cs_username
SELECT day,
       count(*) AS requests,
       count(*) FILTER (WHERE sc_status >= 400) AS errors,
       min(time) AS first_seen,
       max(time) AS last_seen,
       sum(sc_bytes) AS bytes_sent
FROM iis
WHERE cs_username = $user
GROUP BY day
ORDER BY day
