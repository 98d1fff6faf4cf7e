/**
 * Every outcome of a rotation: a stable slug for programs, and what it means in one sentence. Alarms, commands and the demo
 * page use the slugs; sentences may change. Each has an entry in docs/operate.md.
 */
export const REASONS = {
  // Waits.
  nothing_due: 'Nothing is due until the secret is old enough or somebody starts a rotation.',
  rotation_manual: 'This target is rotated only if somebody starts a rotation.',
  no_fleet:
    'No fleet is configured, so nobody brings a new secret to the servers. Configure a fleet, or confirm with confirmServersFollow that they fetch the version labelled STREAMPASS_SERVERS themselves.',
  waiting_for_twins: 'Waiting: some live tokens have no fallback token under the new secret yet.',
  outside_window: 'Waiting for the push window.',
  looking: 'Some nodes have not answered yet. The next run continues this look.',
  node_behind:
    'A node does not hold the version that it should. The version was sent to it; the next look shows the result.',
  node_failed: 'A node failed to take the version that it should hold. It is tried again later.',
  fleet_unlisted: 'The servers cannot be listed, so nothing is changed.',
  secret_invalid:
    'A secret cannot be used. Put a valid one, or replace it by an emergency. The problem says what is allowed.',
  overlap: 'The old secret stays in every token set until the overlap has passed.',
  aborting: 'Aborting: a late node may still hold the new secret.',
  changed_by_hand: 'The current secret was changed by hand, and some live tokens do not know it yet.',
  probe_refused: 'The servers refused a connection with a token of the version that they should hold.',
  // Steps.
  secret_missing: 'The secret has no value yet.',
  start_requested: 'A rotation was started.',
  secret_due: 'The secret is as old as it may become.',
  emergency_requested: 'Somebody reported that the current secret has leaked.',
  abort_requested: 'Abort requested.',
  servers_confirmed: 'An operator confirmed that the servers fetch their version themselves.',
  wait_begins: 'The waiting period starts now.',
  token_length_changed:
    'The configuration allows longer or shorter tokens than before, so the date is recorded.',
  note_outdated: 'A recorded date belongs to an earlier rotation.',
  emergency_ends_old: 'A secret from before the emergency is removed.',
  pending_is_current: 'The pending version is the current one already.',
  servers_unlabelled: 'No version has the label STREAMPASS_SERVERS yet.',
  rolled_back: 'An operator rolled back, so this version is not promoted again.',
  current_changed:
    'An operator changed the current secret, so the secret that the servers hold becomes the fallback.',
  servers_version_gone: 'No token is signed with the version that is labelled STREAMPASS_SERVERS.',
  look_due: 'A look at the servers is due.',
  nodes_lack_version: 'Some nodes do not hold what they should.',
  probe_due: 'Every node holds the version, so a real connection with a token of it is tried.',
  twins_complete: 'Every live token has its fallback token under the new secret.',
  abort_turns_back: 'Aborting: the servers go back to the current secret.',
  nodes_hold_pending: 'Every node holds the new secret.',
  overlap_over: 'The overlap has passed and every node holds the new secret.',
  abort_complete: 'Aborted, and every node holds the current secret.',
  hand_change_known: 'The secret was changed by hand, and every live token knows it now.',
  // Refusals.
  rotation_under_way: 'A rotation is under way, so start changed nothing.',
  emergency_just_done: 'An emergency replaced the secret just now, so start changed nothing.',
  nothing_to_abort: 'No rotation is under way, so abort changed nothing.',
  too_late_to_abort:
    'The new secret is current already, so abort changed nothing. Another start replaces it.',
  aborting_already: 'An abort is under way already.',
  // Problems of a report.
  unreachable: 'The secret of this target could not be read. The next run tries again.',
  step_failed: 'A step failed. The next run tries again.',
  tokens_cut_off: 'The secret was replaced in an emergency.',
  after_emergency: 'Some work is left to do after the emergency.',
  three_versions: 'AWSCURRENT, AWSPENDING and AWSPREVIOUS are on three versions.',
  same_kid: 'The ids of two live versions begin with the same 8 characters, so their kid is the same.',
} as const satisfies Record<string, string>;

/** One of {@link REASONS}. */
export type Reason = keyof typeof REASONS;

/** A reason's sentence, followed by the details of this case. */
export function sentence(reason: Reason, detail?: string): string {
  return detail === undefined ? REASONS[reason] : `${REASONS[reason]} ${detail}`;
}
