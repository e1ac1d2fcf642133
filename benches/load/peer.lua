-- Requests of benches/peers: random lines of the file BODIES, with a token only if the server wants one.
dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local requests = {}
function prepare()
  local headers = { ["Content-Type"] = "application/json" }
  if os.getenv("TOKEN") ~= "" then headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
  -- Formatted before the load, so that wrk uses as little of the servers' CPU as it can.
  for number, body in ipairs(read(os.getenv("BODIES"))) do requests[number] = wrk.format("POST", nil, headers, body) end
end
function request() return requests[math.random(#requests)] end

local count_errors = done
function done(summary)
  count_errors()
  -- Requests and bytes: a response with an error has another size, also where its status is 200.
  local file = io.open(os.getenv("FOLDER") .. "/served", "w")
  file:write(summary.requests, " ", summary.bytes)
  file:close()
end
