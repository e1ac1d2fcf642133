-- Row 15: 80 % row 1, 10 % row 3, 5 % PATCH, 5 % refresh. Reads the start of every response, and takes the tokens for later
-- refreshes from them.
dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local uuids, cursors, page, token
local queue, first, last = {}, 1, 0
local customer = '{"query":"query($id:String){customer(id:$id){uuid email fullName status createdAt updatedAt}}","variables":{"id":"'

function prepare()
  uuids, cursors, page, token = read("uuids"), read("cursors"), escaped(os.getenv("PAGE")), os.getenv("TOKEN")
  for number, family in ipairs(read("families")) do
    if number % 2 == seed % 2 then last = last + 1; queue[last] = family end
  end
end

local function send(method, path, body, bearer)
  local headers = { ["Content-Type"] = "application/json" }
  if bearer then headers["Authorization"] = "Bearer " .. bearer end
  return wrk.format(method, path, headers, body)
end

function request()
  local kind = math.random(100)
  if kind <= 80 then
    return send("POST", "/api/graphql", customer .. uuids[math.random(#uuids)] .. '"}}', token)
  elseif kind <= 90 then
    return send("POST", "/api/graphql", '{"query":"' .. page .. '","variables":{"after":"' .. cursors[math.random(#cursors)] .. '"}}', token)
  elseif kind <= 95 then
    return send("PATCH", "/api/customers/" .. uuids[math.random(#uuids)], '{"full_name":"Zofie Tanaka ' .. math.random(1000000) .. '"}', token)
  end
  -- There are more families than connections, so one is always waiting unless responses were lost.
  local refresh = queue[first]
  if not refresh then bad = bad + 1; refresh = "lost" else queue[first] = nil; first = first + 1 end
  return send("POST", "/api/customer/token/refresh", '{"refreshToken":"' .. refresh .. '"}')
end

function response(status, headers, body)
  if status ~= 200 or body:sub(1, 8) ~= '{"data":' or body:sub(1, 12) == '{"data":null' then bad = bad + 1 return end
  if body:sub(1, 21) == '{"data":{"accessToken' then
    last = last + 1
    queue[last] = body:match('"refreshToken":"([^"]+)"')
  end
end
