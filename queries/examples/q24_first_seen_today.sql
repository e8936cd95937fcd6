-- title: Addresses that were never seen before this day
-- dataset: iis
-- shows: the first appearance of a token, with distinct counts over many groups
-- params: day date 2026-11-02
SELECT c_ip, min(time) AS first_seen, count(*) AS requests, count(DISTINCT cs_username) AS accounts
FROM iis
WHERE day <= $day
GROUP BY c_ip
HAVING min(day) = $day
ORDER BY requests DESC, c_ip
LIMIT 50
