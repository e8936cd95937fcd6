-- title: Browsers and their versions
-- dataset: iis
-- shows: taking a part out of a text by regular expression
-- params: from date 2026-11-01; until date 2026-11-03
SELECT regexp_replace(cs_user_agent, '^.*(Edg|Firefox|Chrome|Version)/([0-9]+).*$', '\1 \2') AS browser, count(*) AS requests
FROM iis
WHERE day BETWEEN $from AND $until AND cs_user_agent IS NOT NULL
GROUP BY 1
ORDER BY requests DESC, browser
LIMIT 20
