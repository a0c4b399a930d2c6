// An address as carriers want it: on one line.

export const oneLine = ({ name, lines, postcode, country }) => [name, ...lines, postcode, country].join(", ");
