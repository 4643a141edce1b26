/**
 * A real Wechaty gateway (PuppetServer over gRPC) with an invented platform behind it.
 *
 *   node gateway.mjs HOST:PORT TOKEN
 *
 * Controlled by one JSON object a line on stdin, {id, do, ...}; each is answered by one line on stdout,
 * {id, ok, result | error}. The first line, {ready: true}, says that the port is open.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import process from 'node:process'
import readline from 'node:readline'

// The packages may be installed outside the tree; ES modules do not look at NODE_PATH by themselves.
const home = process.env.GATEWAY_MODULES ?? path.dirname(process.argv[1])
const require = createRequire(pathToFileURL(path.join(home, 'gateway.mjs')))
const load = name => require(name)

const { puppet: grpcPuppet } = load('wechaty-grpc')
const { PuppetServer } = load('wechaty-puppet-service')
const { PuppetMock, mock } = load('wechaty-puppet-mock')

const [endpoint, token] = process.argv.slice(2)
const MARK = 'jianfu-raw-event'

// An event of any type with any payload, valid or not: the server itself can only say what it knows.
const setPayload = grpcPuppet.EventResponse.prototype.setPayload
grpcPuppet.EventResponse.prototype.setPayload = function (text) {
  const raw = text.includes(MARK) ? JSON.parse(text)[MARK] : undefined
  if (raw === undefined) return setPayload.call(this, text)
  this.setType(raw.type)
  return setPayload.call(this, raw.payload)
}

// What a test may set or read; a reset puts it back.
const fresh = () => ({
  calls: {},       // RPC -> how often
  sent: [],        // what the client sent, in order
  failing: {},     // RPC -> every how many-th call fails
  losing: {},      // RPC -> how many answers are yet to be lost
  slow: {},        // RPC -> milliseconds before the answer
  sendIds: false,  // whether a send tells the id of its message
  recalls: false,  // whether a recall is granted
  muted: false,    // whether events are swallowed, though calls are answered
  sendError: '',   // what the platform answers to a send
})
let now = fresh()

async function counted (name, body) {
  const { calls, failing, slow, losing } = now
  calls[name] = (calls[name] ?? 0) + 1
  if (failing[name] && calls[name] % failing[name] === 0) throw new Error(`made to fail: ${name}`)
  if (slow[name]) await new Promise(resolve => setTimeout(resolve, slow[name]))
  const answer = await body()
  if (losing[name] > 0) {
    losing[name] -= 1
    await new Promise(() => {})
  }
  return answer
}

class Platform extends PuppetMock {
  emit (name, ...rest) { return now.muted ? false : super.emit(name, ...rest) }
  ding (data) {
    now.calls.ding = (now.calls.ding ?? 0) + 1
    if (now.failing.ding) throw new Error('made to fail: ding')
    this.emit('dong', { data: data || '' })
  }

  messagePayload (id) { return counted('messagePayload', () => super.messagePayload(id)) }
  roomList () { return counted('roomList', () => super.roomList()) }
  roomPayload (id) { return counted('roomPayload', () => super.roomPayload(id)) }
  contactPayload (id) { return counted('contactPayload', () => super.contactPayload(id)) }
  roomMemberPayload (room, id) { return counted('roomMemberPayload', () => super.roomMemberPayload(room, id)) }
  messageRecall () { return counted('messageRecall', async () => now.recalls) }
  messageSendText (to, text, mentions) {
    return counted('messageSendText', () => this.accept(() => super.messageSendText(to, text), { to, text, mentions }))
  }

  messageSendFile (to, file) {
    return counted('messageSendFile', async () => {
      const size = (await file.toBuffer()).length
      return this.accept(() => super.messageSendFile(to, file), { to, file: file.name, size })
    })
  }

  async accept (send, record) {
    if (now.sendError) throw new Error(now.sendError)
    let id
    const heard = payload => { id = payload.messageId }
    this.once('message', heard)
    try {
      await send()
    } finally {
      this.off('message', heard)
    }
    now.sent.push({ ...record, id })
    return now.sendIds ? id : undefined
  }

  /** Be as if just started, once the client is gone: starting a process takes a second. */
  async reset () {
    now = fresh()
    while (this.listenerCount('dong') > 0) await new Promise(resolve => setTimeout(resolve, 5))
    await this.logout('reset')
    this.login('nobody') // the server forgets a scan it has seen only at a login
    await this.logout('reset')
    this.cache.clear()
    this.mocker = mocker = new mock.Mocker()
    mocker.puppet = this
  }
}

let mocker = new mock.Mocker()
const puppet = new Platform({ mocker })
const server = new PuppetServer({ endpoint, puppet, token, tls: { disable: true } })
let serial = 0

const actions = {
  contact: ({ payload }) => { mocker.createContact({ phone: [], gender: 0, type: 1, avatar: '', ...payload }) },
  room: ({ payload }) => { mocker.createRoom({ adminIdList: [], ownerId: '', avatar: '', ...payload }) },
  changeContact: ({ contact, payload }) => {
    Object.assign(mocker.cacheContactPayload.get(contact), payload)
  },
  login: ({ contact }) => { puppet.login(contact) },
  logout: () => puppet.logout('told to'),
  scan: () => { puppet.emit('scan', { qrcode: 'https://example.invalid/qr', status: 2 }) },
  // Any payload, valid or not: the mocker's own say() refuses what it does not know.
  message: ({ payload, quiet }) => {
    serial += 1
    const id = payload.id ?? `m${serial}-${Date.now()}`
    mocker.cacheMessagePayload.set(id, { type: 7, timestamp: Date.now(), ...payload, id })
    if (!quiet) puppet.emit('message', { messageId: id })
    return id
  },
  burst: ({ payloads }) => payloads.map(payload => actions.message({ payload })),
  redeliver: ({ message }) => { puppet.emit('message', { messageId: message }) },
  rawEvent: ({ type, payload }) => { puppet.emit('heartbeat', { [MARK]: { type, payload } }) },
  join: ({ room, invitees, inviter }) => {
    const contacts = invitees.map(id => mocker.ContactMock.load(id))
    mocker.RoomMock.load(room).add(...contacts).by(mocker.ContactMock.load(inviter))
  },
  leave: ({ room, removees, remover }) => {
    const contacts = removees.map(id => mocker.ContactMock.load(id))
    mocker.RoomMock.load(room).remove(...contacts).by(mocker.ContactMock.load(remover))
  },
  topic: ({ room, topic, by }) => {
    mocker.RoomMock.load(room).topic(topic).by(mocker.ContactMock.load(by))
  },
  reset: () => puppet.reset(),
  sent: () => now.sent,
  calls: () => now.calls,
  fail: ({ rpc, every }) => { now.failing[rpc] = every },
  lose: ({ rpc, count }) => { now.losing[rpc] = count },
  delay: ({ rpc, milliseconds }) => { now.slow[rpc] = milliseconds },
  sendIds: ({ on }) => { now.sendIds = on },
  recalls: ({ on }) => { now.recalls = on },
  mute: ({ on }) => { now.muted = on },
  sendError: ({ message }) => { now.sendError = message },
}

const say = line => process.stdout.write(JSON.stringify(line) + '\n')

readline.createInterface({ input: process.stdin }).on('line', async line => {
  const { id, do: action, ...rest } = JSON.parse(line)
  try {
    say({ id, ok: true, result: (await actions[action](rest)) ?? null })
  } catch (error) {
    say({ id, ok: false, error: String(error) })
  }
}).on('close', () => process.exit(0))

await puppet.start()
await server.start()
say({ ready: true })
