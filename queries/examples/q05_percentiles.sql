-- title: Response times by kind of file
-- dataset: iis
-- shows: exact percentiles over a derived column
SELECT cs_uri_stem_extension AS extension,
       count(*) AS requests,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY time_taken) AS median_ms,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY time_taken) AS p95_ms
FROM iis
WHERE sc_status < 400
GROUP BY 1
ORDER BY requests DESC, extension
LIMIT 20
