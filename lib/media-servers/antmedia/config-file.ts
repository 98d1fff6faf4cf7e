import * as v from 'valibot';
import { propertiesFormat, toBoolean } from '../spring-properties.ts';

const settingsSchema = v.object({
  /** `settings.publishJwtControlEnabled` · anything but true lets everyone publish. */
  publish: v.optional(v.boolean()),
  /** `settings.playJwtControlEnabled` · anything but true lets everyone play. */
  play: v.optional(v.boolean()),
});

/** The settings of the JWT stream security filter; one that the file does not have, or only by a placeholder, is `undefined`. */
type AntmediaSettings = v.InferOutput<typeof settingsSchema>;

/** One line for each half of the filter that is not switched on: the server's default is off. */
function settingsProblems({ publish, play }: AntmediaSettings): readonly string[] {
  return [
    ...(publish
      ? []
      : ['settings.publishJwtControlEnabled is not true: everyone may publish without a token']),
    ...(play ? [] : ['settings.playJwtControlEnabled is not true: everyone may play without a token']),
  ];
}

/**
 * Ant Media Server's `webapps/APP/WEB-INF/red5-web.properties`, of the same form as Red5's, read when the server starts.
 *
 * @see https://docs.antmedia.io/guides/configuration-and-testing/application-settings-reference/
 */
export const antmediaProperties = propertiesFormat<AntmediaSettings>({
  secretSetting: 'settings.jwtStreamSecretKey',
  settingsOf: (values) => ({
    publish: toBoolean(values.get('settings.publishJwtControlEnabled')),
    play: toBoolean(values.get('settings.playJwtControlEnabled')),
  }),
  settingsSchema,
  settingsProblems,
});
