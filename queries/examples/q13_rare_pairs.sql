-- title: Accounts and networks that belong together only once
-- dataset: iis
-- shows: a count of groups of one, by two tokens
SELECT day, count(*) AS rare_pairs
FROM (
    SELECT cs_username, c_ip_net, min(day) AS day
    FROM iis
    WHERE cs_username IS NOT NULL
    GROUP BY cs_username, c_ip_net
    HAVING count(*) = 1
) pairs
GROUP BY day
ORDER BY day
