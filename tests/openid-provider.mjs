// A real OpenID provider for the tests: npm's oidc-provider, certified by the OpenID Foundation. The login page alone is
// ours, as with every one who uses it: whoever gives a name is that person, and consents to everything.
// Environment: PORT, CALLBACKS (blank-separated), CLIENT_SECRET, ACCOUNTS (a JSON file: name → claims, read each time),
// CLIENT_AUTH (how our client shows who it is; the only way that it may).
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Provider } from 'oidc-provider'

const { PORT, CALLBACKS, CLIENT_SECRET, ACCOUNTS, CLIENT_AUTH } = process.env
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
const claimsOf = (name) => JSON.parse(readFileSync(ACCOUNTS, 'utf8'))[name] ?? {}

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [
    {
      client_id: 'monitor',
      ...(CLIENT_AUTH === 'none' ? {} : { client_secret: CLIENT_SECRET }),
      token_endpoint_auth_method: CLIENT_AUTH,
      redirect_uris: CALLBACKS.split(' '),
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  clientAuthMethods: [CLIENT_AUTH],
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: `key-${process.pid}` }] },
  cookies: { keys: ['a key for the tests'] },
  acrValues: ['gold'],
  claims: { openid: ['sub', 'role', 'amr', 'acr'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (_ctx, name) => ({ accountId: name, claims: () => ({ ...claimsOf(name), sub: name }) }),
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope('openid email')
    await grant.save()
    return grant
  },
})

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/sign-in/')) return next()
  if (ctx.method === 'GET') {
    ctx.type = 'html'
    ctx.body = '<title>Provider</title><form method="post" action=""><input name="login" autofocus><button>Sign in</button></form>'
    return
  }
  const accountId = new URLSearchParams(await text(ctx.req)).get('login')
  const { amr, acr } = claimsOf(accountId)
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId, amr, acr } })
  ctx.respond = false
})

provider.listen(Number(PORT), '127.0.0.1')
