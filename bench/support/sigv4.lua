-- Verifies SigV4 in nginx as Slipway does: the key and what the Authorization header asks for are kept by credential scope.
local ffi = require "ffi"
ffi.cdef [[
unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md);
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int length, const unsigned char *d, size_t n, unsigned char *out, unsigned int *size);
]]
local C, digest, text, size = ffi.C, ffi.new("unsigned char[32]"), ffi.new("char[64]"), ffi.new("unsigned int[1]")
local DIGITS = "0123456789abcdef"
local M, plans, kept = {}, {}, 0

local function hex()
  for i = 0, 31 do
    local high, low = bit.rshift(digest[i], 4), bit.band(digest[i], 15)
    text[2 * i], text[2 * i + 1] = DIGITS:byte(high + 1), DIGITS:byte(low + 1)
  end
  return ffi.string(text, 64)
end
local function sha256(data) C.SHA256(data, #data, digest) return hex() end
local function hmac(key, data) C.HMAC(C.EVP_sha256(), key, #key, data, #data, digest, size) return ffi.string(digest, 32) end

local function plan(prefix, key, secret)
  local id, scope, names = prefix:match("^AWS4%-HMAC%-SHA256 Credential=([^/]+)/([^,]+), SignedHeaders=([^,]+), Signature=$")
  if id ~= key then return nil end
  local date, region, service = scope:match("^(%d+)/([^/]+)/([^/]+)/aws4_request$")
  if service ~= "sagemaker" then return nil end
  local signing = hmac(hmac(hmac(hmac("AWS4" .. secret, date), region), service), "aws4_request")
  local headers = {}
  for name in names:gmatch("[^;]+") do headers[#headers + 1] = { name, "http_" .. name:gsub("-", "_") } end
  local made = { scope = scope, names = names, headers = headers, signing = signing, date = date }
  if kept < 1000 then plans[prefix], kept = made, kept + 1 end
  return made
end

function M.verify(key, secret)
  local var = ngx.var
  local header, date = var.http_authorization or "", var.http_x_amz_date or ""
  local prefix = header:sub(1, -65)
  local known = plans[prefix] or plan(prefix, key, secret)
  local y, mo, d, h, mi, s = date:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$")
  if not known or not y or date:sub(1, 8) ~= known.date then return ngx.exit(403) end
  local sent = os.time { year = y, month = mo, day = d, hour = h, min = mi, sec = s }
  if math.abs(sent - os.time(os.date("!*t", ngx.time()))) > 900 then return ngx.exit(403) end
  ngx.req.read_body()
  local lines = {}
  for i, one in ipairs(known.headers) do lines[i] = one[1] .. ":" .. (var[one[2]] or "") .. "\n" end
  local request = "POST\n" .. var.uri .. "\n\n" .. table.concat(lines) .. "\n" .. known.names .. "\n"
    .. sha256(ngx.req.get_body_data() or "")
  hmac(known.signing, "AWS4-HMAC-SHA256\n" .. date .. "\n" .. known.scope .. "\n" .. sha256(request))
  if hex() ~= header:sub(-64) then return ngx.exit(403) end
end

return M
