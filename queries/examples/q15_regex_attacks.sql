-- title: Programs that call themselves scanners, by day
-- dataset: iis
-- shows: a regular expression over a text column, on one week
-- params: from date 2026-11-01; until date 2026-11-07
SELECT day, count(*) AS requests, count(DISTINCT c_ip) AS addresses
FROM iis
WHERE day BETWEEN $from AND $until AND regexp_like(cs_user_agent, '(sqlmap|nikto|Hydra|masscan|zgrab|python-requests)/?[0-9.]*')
GROUP BY day
ORDER BY day
