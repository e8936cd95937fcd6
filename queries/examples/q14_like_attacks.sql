-- title: Requests for paths that scanners look for
-- dataset: iis
-- shows: substring patterns over a text column
SELECT sc_status, count(*) AS requests, count(DISTINCT c_ip) AS addresses
FROM iis
WHERE cs_uri_stem LIKE '%/wp-login%'
   OR cs_uri_stem LIKE '%.env'
   OR cs_uri_stem LIKE '%/etc/passwd%'
   OR cs_uri_stem LIKE '%phpmyadmin%'
   OR cs_uri_stem LIKE '%/cgi-bin/%'
GROUP BY sc_status
ORDER BY sc_status
