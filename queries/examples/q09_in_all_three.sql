-- title: Accounts seen on web sites, hosts and in Microsoft 365 on one day
-- dataset: iis, syslog, security_audit
-- shows: intersecting three datasets by account
-- params: day date 2026-11-02
SELECT count(*) AS accounts
FROM (SELECT DISTINCT cs_username AS account FROM iis WHERE day = $day AND cs_username IS NOT NULL) w
JOIN (SELECT DISTINCT account FROM syslog WHERE day = $day AND account IS NOT NULL) h ON h.account = w.account
JOIN (SELECT DISTINCT user_id FROM security_audit WHERE day = $day AND user_id IS NOT NULL) a ON a.user_id = w.account
