-- title: Daily report of traffic and errors
-- dataset: iis
-- shows: conditional counts, by the partition column
SELECT day,
       count(*) AS requests,
       count(*) FILTER (WHERE sc_status BETWEEN 400 AND 499) AS refused,
       count(*) FILTER (WHERE sc_status >= 500) AS failed,
       sum(sc_bytes) AS bytes_sent,
       max(time_taken) AS slowest_ms
FROM iis
GROUP BY day
ORDER BY day
