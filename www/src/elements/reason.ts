// A reason code as it is written in the specification.

/** 135 as `0x87`. */
export const reasonText = (code: number): string => `0x${code.toString(16).toUpperCase().padStart(2, '0')}`
