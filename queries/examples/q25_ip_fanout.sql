-- title: Addresses that use many accounts or pages
-- dataset: iis
-- shows: two distinct counts over many groups on one day
-- params: day date 2026-11-02
SELECT c_ip, count(*) AS requests, count(DISTINCT cs_username) AS accounts, count(DISTINCT cs_uri_stem) AS pages
FROM iis
WHERE day = $day
GROUP BY c_ip
ORDER BY accounts DESC, pages DESC, requests DESC, c_ip
LIMIT 25
