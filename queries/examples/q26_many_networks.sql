-- title: Accounts that sign in from several networks within an hour
-- dataset: security_audit
-- shows: distinct networks by account and hour
SELECT user_id, date_trunc('hour', time) AS hour, count(DISTINCT client_ip_net) AS networks, count(*) AS sign_ins
FROM security_audit
WHERE operation = 'UserLoggedIn' AND client_ip_net IS NOT NULL
GROUP BY 1, 2
HAVING count(DISTINCT client_ip_net) >= 2
ORDER BY networks DESC, sign_ins DESC, hour, user_id
LIMIT 50
