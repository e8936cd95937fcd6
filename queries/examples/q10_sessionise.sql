-- title: Sessions: requests of one account with less than half an hour between them
-- dataset: iis
-- shows: a window function over a token, then a summary
-- params: from date 2026-11-01; until date 2026-11-07
WITH gaps AS (
    SELECT cs_username, time, lag(time) OVER (PARTITION BY cs_username ORDER BY time) AS previous
    FROM iis
    WHERE day BETWEEN $from AND $until AND cs_username IS NOT NULL
),
starts AS (
    SELECT cs_username, CASE WHEN previous IS NULL OR time - previous > INTERVAL '30 minutes' THEN 1 ELSE 0 END AS is_first
    FROM gaps
)
SELECT count(*) AS requests, sum(is_first) AS sessions, count(DISTINCT cs_username) AS accounts
FROM starts
