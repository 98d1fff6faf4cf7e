import { arrow, box, label, picture, rectangle } from './svg.ts';

/** What asks whom for what: README's first picture. */
export function architecture(): string {
  return picture(
    900,
    352,
    'A user signs in at the identity provider and sends the ID token to streampass, which answers with a short-lived JWT. The media server takes it. Streampass replaces the secret that it shares with the servers.',
    [
      box('box', [20, 30], 190, 62, ['Identity provider', 'Cognito, Auth0, Okta …']),
      box('box', [20, 190], 190, 80, ['Page, app, encoder', 'streampass-client,', 'or any OAuth client']),
      arrow([85, 190], [85, 96]),
      label([78, 146], '1 signs in', { at: 'end' }),
      arrow([145, 92], [145, 186]),
      label([152, 146], '2 ID token'),

      rectangle('area', [330, 14], 260, 296),
      label([460, 36], 'streampass, in AWS', { kind: 'bold', at: 'middle' }),
      box('main', [350, 52], 220, 62, ['token', 'verifies, applies your rules, signs']),
      box('box', [350, 150], 220, 48, ['Secrets Manager', 'the secret, in versions']),
      box('main', [350, 234], 220, 62, ['rotate', 'each minute: one step, or waits']),
      arrow([460, 150], [460, 118]),
      arrow([460, 234], [460, 202]),

      arrow([210, 214], [270, 214], [270, 72], [346, 72]),
      label([276, 132], '3 ID token,'),
      label([276, 150], 'room'),
      arrow([350, 98], [240, 98], [240, 200], [214, 200]),
      label([234, 118], '4 JWT', { at: 'end' }),

      box('box', [690, 190], 190, 80, ['Media server', 'Red5 Pro, Jitsi, rtcstats,', 'LiveKit, MediaMTX']),
      box('box', [690, 30], 190, 62, ['Agent', 'writes the server’s secret']),
      arrow([570, 174], [640, 174], [640, 62], [686, 62]),
      arrow([785, 92], [785, 186]),
      label([648, 146], 'new secret,'),
      label([648, 164], 'without a gap'),
      arrow([115, 270], [115, 338], [785, 338], [785, 274]),
      label([125, 332], '5 connects with the JWT'),
    ],
  );
}
