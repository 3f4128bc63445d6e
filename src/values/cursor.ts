import type { ErrorCode } from '../errors.ts'
import { HIDDEN, isSecretPlace, quotable } from './looks-secret.ts'
import { ValuesError, type ValuesErrorDetails } from './values-error.ts'
import { formatPath, lookup, type Position, type Scalar, type ValuePath, type YamlNode } from './yaml/yaml-node.ts'

/**
 * A place in a tree of values, with the path and position that an error needs. The place may be
 * empty.
 */
export class Cursor {
  readonly root: YamlNode
  readonly path: ValuePath
  /** Undefined if the place is empty. */
  readonly node: YamlNode | undefined

  constructor(root: YamlNode, path: ValuePath = []) {
    this.root = root
    this.path = path
    this.node = lookup(root, path)
  }

  /** Returns a place below this place, which may be empty. */
  at(...steps: ValuePath): Cursor {
    return new Cursor(this.root, [...this.path, ...steps])
  }

  get parent(): Cursor {
    return new Cursor(this.root, this.path.slice(0, -1))
  }

  /** The path as text, such as `registries[0].name`. Empty at the root. */
  get name(): string {
    return formatPath(this.path)
  }

  /** The key in the map around this place, or the index in the list. */
  get key(): string {
    return String(this.path.at(-1))
  }

  /** The scalar at this place. Undefined for anything else. */
  get value(): Scalar | undefined {
    return this.node?.kind === 'scalar' ? this.node.value : undefined
  }

  /** The text at this place. Undefined for anything else. */
  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  /**
   * The value as a message may quote it. `…` if the keys around the value, or its form, suggest a
   * secret.
   */
  get shown(): string {
    const text = String(this.value)
    return isSecretPlace(this.path) || text.includes('\n') || text.length > 200 ? HIDDEN : quotable(text)
  }

  /** The items of a list. Empty for anything else. */
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

  /** The values of a map's keys. Empty for anything else. */
  get members(): readonly Cursor[] {
    return this.node?.kind === 'map' ? [...this.node.entries.keys()].map((key) => this.at(key)) : []
  }

  /** True if the value is a default of the chart. */
  get isDefault(): boolean {
    return this.node?.origin === 'chart'
  }

  /**
   * Where the value is, or where it would be. Always in the user's file, never in the chart's
   * defaults.
   */
  get position(): Position {
    if (this.path.length === 0) return this.root.at
    return this.node === undefined || this.isDefault ? this.parent.position : this.node.at
  }

  /** Where the key of this place is. */
  get keyPosition(): Position {
    const { node } = this.parent
    const entry = node?.kind === 'map' ? node.entries.get(this.key) : undefined
    return entry === undefined || this.isDefault ? this.position : entry.keyAt
  }

  error(code: ErrorCode, message: string, details: Omit<ValuesErrorDetails, 'path'> = {}): ValuesError {
    return new ValuesError(code, message, { at: this.position, path: this.path, ...details })
  }

  /** Returns an error for a value that collides with another value. */
  collision(message: string, hint: string, at = this.position): ValuesError {
    return this.error('VALUES_COLLISION', message, { hint, at })
  }
}
