import { leaveEffect } from "./effect.mjs";

export const handle = leaveEffect;
