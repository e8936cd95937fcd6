-- title: How many accounts and addresses get which answer
-- dataset: iis
-- shows: distinct tokens over a few groups
SELECT cs_method,
       sc_status - sc_status % 100 AS status_class,
       count(DISTINCT cs_username) AS accounts,
       count(*) AS requests
FROM iis
GROUP BY 1, 2
ORDER BY 1, 2
