-- title: One account through every dataset and team in scope
-- dataset: iis, syslog, security_audit
-- shows: the common columns of `all.events`, with the token made from a name
-- scoped-only: yes
SELECT time, team, dataset, event_type, outcome, src_ip, dst_host, detail
FROM all.events
WHERE actor = token('user', 'ana.lima@northwind.example')
ORDER BY time, record_id
LIMIT 200
