{% if hourly %}
SELECT dt, "hour", count(DISTINCT id) AS events
{% else %}
SELECT dt, substr("time", 12, 2) AS "hour", count(DISTINCT id) AS events
{% endif %}
FROM {{ from }}
WHERE dt >= CAST(current_date - INTERVAL '7' DAY AS varchar)
GROUP BY 1, 2
ORDER BY 1, 2
