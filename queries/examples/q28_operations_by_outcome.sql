-- title: Microsoft 365 operations and how they ended
-- dataset: security_audit
-- shows: a report by two clear columns
SELECT workload, operation, result_status, count(*) AS records, count(DISTINCT user_id) AS accounts
FROM security_audit
GROUP BY 1, 2, 3
ORDER BY records DESC, 1, 2, 3
LIMIT 50
