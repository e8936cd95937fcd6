-- title: Pages whose use rose most since the day before
-- dataset: iis
-- shows: one day against another, by a join of two groupings
-- params: day date 2026-11-02; before date 2026-11-01
WITH today AS (SELECT cs_uri_stem, count(*) AS requests FROM iis WHERE day = $day GROUP BY cs_uri_stem),
     earlier AS (SELECT cs_uri_stem, count(*) AS requests FROM iis WHERE day = $before GROUP BY cs_uri_stem)
SELECT t.cs_uri_stem, t.requests, coalesce(e.requests, 0) AS requests_before, t.requests - coalesce(e.requests, 0) AS rise
FROM today t
LEFT JOIN earlier e ON e.cs_uri_stem = t.cs_uri_stem
ORDER BY rise DESC, t.cs_uri_stem
LIMIT 30
