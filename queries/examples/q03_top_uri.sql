-- title: Pages that are asked for most
-- dataset: iis
-- shows: a ranking by a text column, with an average
SELECT cs_uri_stem, count(*) AS requests, avg(time_taken) AS mean_ms
FROM iis
GROUP BY cs_uri_stem
ORDER BY requests DESC, cs_uri_stem
LIMIT 20
