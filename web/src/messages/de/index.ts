import accounts from './accounts.json'
import common from './common.json'
import overview from './overview.json'
import signin from './signin.json'

export default { accounts, common, overview, signin }
