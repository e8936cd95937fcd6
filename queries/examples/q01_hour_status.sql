-- title: Requests by hour and status class
-- dataset: iis
-- shows: grouping by an hour and a computed number over every day
SELECT date_trunc('hour', time) AS hour, sc_status - sc_status % 100 AS status_class, count(*) AS requests
FROM iis
GROUP BY 1, 2
ORDER BY 1, 2
