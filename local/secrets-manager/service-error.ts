/** The error codes that this endpoint answers with, by the names of the Secrets Manager API reference. */
type ServiceErrorCode =
  | 'InternalServiceError'
  | 'InvalidNextTokenException'
  | 'InvalidParameterException'
  | 'InvalidRequestException'
  | 'LimitExceededException'
  | 'RequestEntityTooLargeException'
  | 'ResourceExistsException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'ThrottlingException'
  | 'UnknownOperationException';

/** A refusal as the API words it: `code` becomes `__type`, the message `Message`. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
  }
}

/** InvalidParameterException: a parameter is missing, too long, or contradicts another. */
export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message);
}

/** InvalidRequestException: the call is well formed but not possible in the secret's present state. */
export function invalidRequest(message: string): ServiceError {
  return new ServiceError('InvalidRequestException', message);
}

/** ResourceNotFoundException for a secret. */
export function secretNotFound(): ServiceError {
  return new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}

/** ResourceNotFoundException for a version; `what` is `VersionId: …` or `staging label: …`. */
export function valueNotFound(what: string): ServiceError {
  return new ServiceError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${what}`,
  );
}

/** ResourceExistsException for a ClientRequestToken that already made a version with another value. */
export function tokenInUse(token: string, arn: string): ServiceError {
  return new ServiceError(
    'ResourceExistsException',
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );
}
