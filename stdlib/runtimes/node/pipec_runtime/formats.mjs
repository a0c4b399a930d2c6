// The formats the compiler writes.

const DATE = "([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]";
const date = new RegExp(`^${DATE}$`);
// RFC 3339, section 5.6; second 60 is a leap second.
const dateTime = new RegExp(`^${DATE}[Tt]${HOUR}:([0-5][0-9]|60)(\\.[0-9]+)?([Zz]|[+-]${HOUR})$`);
const uuid = /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function isDay(match) {
  if (!match) return false;
  const [year, month, day] = match.slice(1, 4).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? 28 + leap : [4, 6, 9, 11].includes(month) ? 30 : 31);
}

export const FORMATS = new Map([
  ["date", (text) => isDay(date.exec(text))],
  ["date-time", (text) => isDay(dateTime.exec(text))],
  ["uuid", (text) => uuid.test(text)],
  ["byte", (text) => text.length % 4 === 0 && base64.test(text)],
]);
