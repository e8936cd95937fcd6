-- title: What mailbox commands were given
-- dataset: security_audit
-- shows: taking a value out of the name=value text of a command
SELECT operation,
       split_part(split_part(parameters, 'AccessRights=', 2), ';', 1) AS access_rights,
       count(*) AS records,
       count(DISTINCT user_id) AS accounts
FROM security_audit
WHERE parameters LIKE '%AccessRights=%'
GROUP BY 1, 2
ORDER BY records DESC, 1, 2
LIMIT 50
