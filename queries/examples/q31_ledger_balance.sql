-- title: What became of everything that was loaded
-- dataset: iis, syslog, security_audit
-- shows: the ledger: records and bytes that do not balance would show here
-- scoped-only: yes
SELECT dataset,
       count(*) AS segments,
       sum(records_read) AS records_read,
       sum(records_stored) AS records_stored,
       sum(records_rejected) AS records_rejected,
       sum(bytes_read) AS bytes_read,
       sum(bytes_read - bytes_records - bytes_rejects - bytes_framing) AS bytes_unaccounted
FROM system.ledger
GROUP BY dataset
ORDER BY dataset
