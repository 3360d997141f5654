/** log2 N of scrypt: 5 ms a hash instead of 370 (and 820 on Deno 2.5), since nearly every test makes accounts. */
export const CHEAP_PASSWORDS = 8;
