dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
-- Each response contains the token of a later request. wrk has no state per connection, so each thread has a queue: new
-- tokens go to its end, and each token is sent once.
local queue, first, last = {}, 1, 0
function prepare()
  for number, token in ipairs(read("families")) do
    if number % 2 == seed % 2 then last = last + 1; queue[last] = token end
  end
end
function request()
  local token = queue[first]
  queue[first] = nil
  first = first + 1
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, '{"refreshToken":"' .. token .. '"}')
end
function response(status, headers, body)
  local token = body:match('"refreshToken":"([^"]+)"')
  if token then last = last + 1; queue[last] = token else bad = bad + 1 end
end
