import type { ErrorCode } from '../errors.ts'
import { HIDDEN, isSecretPlace, quotable } from './looks-secret.ts'
import { ValuesError, type ValuesErrorDetails } from './values-error.ts'
import { formatPath, lookup, type Position, type Scalar, type ValuePath, type YamlNode } from './yaml/yaml-node.ts'

/**
 * A place in a tree of values: what is there, if anything, and the path and position that an error
 * about it needs.
 */
export class Cursor {
  readonly root: YamlNode
  readonly path: ValuePath
  /** Undefined: nothing is there. */
  readonly node: YamlNode | undefined

  constructor(root: YamlNode, path: ValuePath = []) {
    this.root = root
    this.path = path
    this.node = lookup(root, path)
  }

  /** A place below this one, whether or not anything is there. */
  at(...steps: ValuePath): Cursor {
    return new Cursor(this.root, [...this.path, ...steps])
  }

  get parent(): Cursor {
    return new Cursor(this.root, this.path.slice(0, -1))
  }

  /** `registries[0].name`; '' at the root. */
  get name(): string {
    return formatPath(this.path)
  }

  /** Its key in the map around it, or its index in the list. */
  get key(): string {
    return String(this.path.at(-1))
  }

  /** The scalar; undefined for anything else. */
  get value(): Scalar | undefined {
    return this.node?.kind === 'scalar' ? this.node.value : undefined
  }

  /** The text; undefined for anything else. */
  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  /**
   * The value as it may be quoted in a message: `…` if it may be a secret, by the keys around it or
   * by its form.
   */
  get shown(): string {
    const text = String(this.value)
    return isSecretPlace(this.path) || text.includes('\n') || text.length > 200 ? HIDDEN : quotable(text)
  }

  /** The items of a list; none for anything else. */
  get items(): readonly Cursor[] {
    return this.node?.kind === 'list' ? this.node.items.map((_, index) => this.at(index)) : []
  }

  /** The texts among the items of a list. */
  get texts(): readonly string[] {
    return this.items.flatMap((item) => item.text ?? [])
  }

  get isMap(): boolean {
    return this.node?.kind === 'map'
  }

  /** The values of a map's keys; none for anything else. */
  get members(): readonly Cursor[] {
    return this.node?.kind === 'map' ? [...this.node.entries.keys()].map((key) => this.at(key)) : []
  }

  /** Whether it is the chart's own value. */
  get isDefault(): boolean {
    return this.node?.origin === 'chart'
  }

  /** Where the value is, or would be: in the user's file, never in the chart's defaults. */
  get position(): Position {
    if (this.path.length === 0) return this.root.at
    return this.node === undefined || this.isDefault ? this.parent.position : this.node.at
  }

  /** Where its key is. */
  get keyPosition(): Position {
    const { node } = this.parent
    const entry = node?.kind === 'map' ? node.entries.get(this.key) : undefined
    return entry === undefined || this.isDefault ? this.position : entry.keyAt
  }

  error(code: ErrorCode, message: string, details: Omit<ValuesErrorDetails, 'path'> = {}): ValuesError {
    return new ValuesError(code, message, { at: this.position, path: this.path, ...details })
  }

  /** What collides with something else. */
  collision(message: string, hint: string, at = this.position): ValuesError {
    return this.error('VALUES_COLLISION', message, { hint, at })
  }
}
