-- title: Addresses that were sent the most
-- dataset: iis
-- shows: sums over many groups, by token
SELECT c_ip, count(*) AS requests, sum(sc_bytes) AS bytes_sent, sum(cs_bytes) AS bytes_received, max(time_taken) AS slowest_ms
FROM iis
GROUP BY c_ip
ORDER BY bytes_sent DESC, c_ip
LIMIT 25
