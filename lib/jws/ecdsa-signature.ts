/**
 * An ECDSA signature of P-256 as JWS wants it (RFC 7518 §3.4): R and S side by side, 32 bytes each.
 *
 * @param der the same as an ASN.1 sequence of two integers (RFC 3279 §2.2.3), as AWS KMS gives it
 * @throws {TypeError} it is not such a sequence, or its integers are too long
 */
export function toRawSignature(der: Uint8Array): Buffer {
  const bytes = Buffer.from(der);
  const r = integerAt(bytes, 2);
  const s = integerAt(bytes, r.end);
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2 || s.end !== bytes.length) throw malformed();
  return Buffer.concat([r.value, s.value]);
}

const LENGTH = 32;

function integerAt(bytes: Buffer, start: number): { readonly value: Buffer; readonly end: number } {
  const end = start + 2 + (bytes[start + 1] ?? 0);
  // A first byte of zero says that the number is positive.
  const digits = bytes.subarray(start + 2, end);
  const significant = digits.subarray(
    Math.max(
      0,
      digits.findIndex((byte) => byte !== 0),
    ),
  );
  if (bytes[start] !== 0x02 || digits.length === 0 || end > bytes.length || significant.length > LENGTH)
    throw malformed();
  return { value: Buffer.concat([Buffer.alloc(LENGTH - significant.length), significant]), end };
}

function malformed(): TypeError {
  return new TypeError('not an ECDSA signature of P-256 in DER');
}
