SELECT *
FROM {{ from }}
WHERE dt = CAST(current_date AS varchar)
ORDER BY "time" DESC
LIMIT 100
