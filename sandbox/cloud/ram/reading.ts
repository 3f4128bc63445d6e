/**
 * How RAM reads what its pages do not specify. The defaults are the strict reading of the
 * evaluator, in which an Allow that is not specified does not apply.
 */
export interface Reading {
  /** Resources are compared without regard to case. */
  ignoresCase: boolean
  /** `*` matches inside of a name, as in `instance/cri-*h3`. Otherwise it is a literal there. */
  wildcardsInside: boolean
  /** `?` matches one character of a resource. Otherwise it is a literal. */
  questionMarks: boolean
  /** A statement may have NotResource, which only pages before 2019 describe. */
  notResource: boolean
}

export function defaultReading(): Reading {
  return { ignoresCase: false, wildcardsInside: true, questionMarks: true, notResource: false }
}
